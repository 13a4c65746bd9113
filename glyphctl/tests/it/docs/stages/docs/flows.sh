need jq curl
demo run1
