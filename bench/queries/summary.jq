# Counts and errors by service and name: what a group-by with everybody's JSON tool costs. Without percentiles, and
# without times, which are no whole numbers in a double.
reduce inputs as $span ({};
    ($span.service_name + "\u0000" + $span.name) as $key
    | .[$key].service = $span.service_name
    | .[$key].name = $span.name
    | .[$key].count += 1
    | .[$key].errors += (if $span.status == "error" then 1 else 0 end)
)
| [.[]]
