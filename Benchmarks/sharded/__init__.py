"""What it costs to give a sharded model its first weights, in nine ways; `tools/bench-sharded` runs it.

`shapes` and `model` are what is made, `ways` how. `counting` says what a process has used, `ranks` measures a way in
processes of its own, `computed` is the arithmetic for any size, and `report` and `tables` write what was found.
"""
