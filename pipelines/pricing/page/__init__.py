"""What pages share that work offline: pieces of markup, figures as they are written, drawings, style."""
