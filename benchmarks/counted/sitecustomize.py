"""Python in a process whose instructions are counted: without garbage collection.

When it collects depends on all that ran before, and a full one costs as much as many requests.
"""

import gc

gc.disable()
