"""What `winit.dist` consists of: the id of a recipe, and its verification, by many workers.

`costs` estimates and `sharing` shares out; `chunk_digests` is what a worker hands on, which `computing` makes and
`recording` reads from a registry; `assembling` puts them together; `comparison` compares them with a
record; `collectives` does all of it on the ranks of a
process group, which `process_groups` lets exchange bytes.
"""
