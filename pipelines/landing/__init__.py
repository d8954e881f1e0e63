"""Landing: a client's files become accepted rows in the lake, and rejected ones with a reason."""
