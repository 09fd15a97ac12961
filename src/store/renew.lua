-- Prolongs a lease if it is still the caller's. One that ran out and that nobody took is revived: whoever had it in
-- between would have moved the change number, which every commit checks, and which the caller compares with its own:
-- another one means that Redis was emptied, or put back to a copy.
-- KEYS 1 lease 2 meta   ARGV 1 epoch 2 milliseconds   Returns the stored change number, or -1 when the lease is another's.
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return -1 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return tonumber(redis.call('HGET', KEYS[2], 'change') or 0)
