-- Prolongs a lease if it is still the caller's.
-- KEYS 1 lease   ARGV 1 epoch 2 milliseconds   Returns 1, or 0 when it is another's or gone.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
