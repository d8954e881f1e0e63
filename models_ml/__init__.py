"""The modelling library: data frames in, data frames and estimators out.

It reads no file, knows no path and imports no pipeline.
"""
