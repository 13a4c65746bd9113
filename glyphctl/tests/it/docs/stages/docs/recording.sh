[ -d "$PACKAGES/pytest" ] || { echo "pytest in $PACKAGES" >&3; exit 77; }
export PYTHONPATH="$PACKAGES"
mkdir tests
printf 'def test_nothing():\n    pass\n' >tests/test_nothing.py
start=tests
