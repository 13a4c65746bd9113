[ -d "$PACKAGES/grpc_tools" ] || { echo "grpc_tools in $PACKAGES" >&3; exit 77; }
start=plugins/secret-scan
# The environment that it would make has the packages that are on this machine already; pip finds what is asked for among them.
export PYTHONPATH="$PACKAGES"
python=$(command -v python3)
pip='for name in $(sed -n "s/[=><].*//; /^[a-z]/p" "$2"); do ls -d "$PYTHONPATH"/"$(echo "$name" | tr - _)"-*.dist-info || exit; done'
stand_in python3 <<SCRIPT
#!/bin/sh
case "\$1 \$2 \$3" in
    '-m pip install') shift 3; $pip; exit ;;
    '-m venv .venv') '$python' -m venv --without-pip .venv && exec cp '$SANDBOX/bin/pip' .venv/bin/ ;;
esac
exec '$python' "\$@"
SCRIPT
stand_in pip <<SCRIPT
#!/bin/sh
[ "\$1" = install ] && shift && $pip
SCRIPT
