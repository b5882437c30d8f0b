-- wilson(x, n, z): the Wilson score interval of the share x / n.
--
-- Returns: struct(lower double, upper double), shares in 0-1, held within [0, 1].
-- Inputs:  x, people in the group; n, people of whom it is known; z, the normal quantile
--          (from configuration: 1.959963984540054 for 95 %, 3.090232306167813 for 99.8 %).
--          Null in, null out. n = 0, x < 0, x > n or z < 0: null.
--          Counts are taken as doubles (2 * n would overflow an integer).
-- Source:  domain.md 4.2, Wilson 1927; Newcombe & Altman 2000; the method of OHID's PHEindicatormethods.
-- Uses:    interval_limit.
-- Caveat:  the workforce is counted in full. The interval is no sampling error; it says which values are consistent
--          with the number of staff, allowing for chance (domain.md 4.3). To pool units, add up x and n first;
--          never average.
create or replace macro wilson(x double, n double, z double) as
case
    when z >= 0 and interval_limit(x, n, z) is not null then
        struct_pack(lower := interval_limit(x, n, -z), upper := interval_limit(x, n, z))
end;
