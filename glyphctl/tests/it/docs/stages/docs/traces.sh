need dot
demo run1
