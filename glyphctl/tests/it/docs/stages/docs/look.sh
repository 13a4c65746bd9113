need dot
