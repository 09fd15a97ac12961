-- Forgets a partition's state, so that it can be built again from its stream, if the lease is still the caller's.
-- The change number goes on above all that were ever told: readers that missed the wipe find a gap and load again, where
-- numbers that began anew could be taken for changes they know already.
-- KEYS 1 lease 2 meta, then all other keys to be removed   ARGV 1 epoch 2 the least change number to go on from
-- Returns 1, or 0 when the lease is another's or gone.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local change = math.max(tonumber(redis.call('HGET', KEYS[2], 'change') or 0) + 1, tonumber(ARGV[2]))
for i = 2, #KEYS do redis.call('UNLINK', KEYS[i]) end
redis.call('HSET', KEYS[2], 'change', string.format('%.0f', change))
return 1
