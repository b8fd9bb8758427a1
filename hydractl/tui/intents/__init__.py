"""The acts that panes offer, a file a noun: what a sheet lets fill in, shows before, and sends.

Own which shell verb carries an act out, and with which values. What the sheet has asked about is sent with the shell's
`yes`.
"""
