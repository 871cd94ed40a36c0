# Left out by the answers: hooks/post_gen_project.py removes a file of this line only.
