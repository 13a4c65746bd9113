need jq
# A branch that takes half as long again.
demo run
cp run/traces.jsonl main.jsonl
slower='.end_time_unix_nano += ((.end_time_unix_nano - .start_time_unix_nano) / 2 | floor)'
jq -c "$slower" main.jsonl >branch.jsonl
cp branch.jsonl run/traces.jsonl
mkdir -p baselines/main
for day in 1 2 3; do
    cp main.jsonl "baselines/main/$day.jsonl"
done
