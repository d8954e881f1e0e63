"""From experience to a kept forecast: read it, fit every cover, judge, hand over, keep the models."""
