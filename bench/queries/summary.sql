-- What `glyphctl trace summarize` answers, without self time (and the critical path, which no query here computes).
with spans as (
    select service_name, name, status, end_time_unix_nano - start_time_unix_nano as duration
    from read_json(getvariable('spans'), format = 'newline_delimited', columns = {
        name: 'varchar', status: 'varchar', service_name: 'varchar',
        start_time_unix_nano: 'bigint', end_time_unix_nano: 'bigint'
    })
)
select
    service_name as service,
    name,
    count(*) as count,
    count(*) filter (status = 'error') as errors,
    quantile_disc(duration, [0.5, 0.9, 0.95, 0.99]) as percentiles,
    max(duration) as max_ns,
    sum(duration)::bigint as total_ns
from spans
group by all
