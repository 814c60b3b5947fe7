"""Templates in what an override sends, such as ``{{ request.query.name }}``, by MiniJinja, within bounds.

MiniJinja's fuel counts steps, and not what a step makes: a list that is put into itself sixty times has more
elements than anyone can write, and a long chain of operators takes more stack than there is. So templates are
filled in by a process of their own, which is ended when one of them takes too long (`process`).
"""
