"""The self-test: one script of small orders, run on a demo account and on a simulated one of the same terms, compared.

What HydraX takes for granted about a broker is what its simulated one does; this shows where a real one differs.
`script` has the steps, `desk` their orders and what takes them away again, `child` the process that runs them,
`running` what stands over it, `twin` the simulated broker beside it, `compare` the verdict, `report` what is kept of
it, `verb` the command.
"""
