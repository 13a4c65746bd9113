demo one two
mkdir runs
mv one two runs/
