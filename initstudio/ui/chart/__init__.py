"""What a plot is drawn with: a canvas, axes, a legend, a toolbar, and the numbers of a picture.

Nothing here knows of probes or experiments' meaning; `plots/` does.
"""
