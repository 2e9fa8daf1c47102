"""What the documents say that the code knows better: made from it, and compared by a test.

``python -m tests.documents`` writes it anew. Each made part stands between two HTML comments that
name it; what stands outside them is written by hand, and nothing here touches it.
"""
