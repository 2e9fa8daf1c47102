"""The list for mail servers and on-premises firewalls: formats as pages of data, filled and read back.

All of it is pure but ``install``, which writes files and speaks with the programs of this machine.
"""
