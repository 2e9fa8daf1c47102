"""AWS security groups for cloudsync; importing the package alone never loads the SDK."""

from __future__ import annotations
