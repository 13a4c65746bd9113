demo run1
