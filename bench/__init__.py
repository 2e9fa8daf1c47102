"""What cloudsync costs, as ratios measured in one run; it is no test and times nothing by the wall.

``python -m bench`` prints one row a measure, with its target. Every case runs in a process of its
own, what it is compared with runs right beside it, and the cloud is in a third process.
"""
