-- Forgets a partition's state, so that it can be built again from its stream, if the lease is still the caller's.
-- KEYS 1 lease, then all keys to be removed   ARGV 1 epoch   Returns 1, or 0 when the lease is another's or gone.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 2, #KEYS do redis.call('UNLINK', KEYS[i]) end
return 1
