"""`digest preview --open`: a page on loopback that follows every change, and changes nothing.

asked      what a URL asks for, and the menus that ask for something else
desk       the installation as it is now; keeps what need not be made again
editions   the edition that is asked for, from a store that refuses to be written
watch      wakes when a file has changed
server     HTTP
"""
