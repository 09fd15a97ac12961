-- Prolongs a lease if it is still the caller's. One that ran out and that nobody took is revived: whoever had it in
-- between would have moved the position, which every commit checks.
-- KEYS 1 lease   ARGV 1 epoch 2 milliseconds   Returns 1, or 0 when it is another's.
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
