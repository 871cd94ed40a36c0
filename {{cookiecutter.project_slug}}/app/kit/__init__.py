"""What the template keeps up to date: edit the files beside this folder instead."""
