-- Stores all that a batch of one partition changed, or nothing.
-- Refuses when the lease is another's, or when the stored position or change number are not those that the batch began
-- at, so that two owners, or two batches of one, can never both count; nor can one batch twice, when a connection is lost
-- and the command is sent again: a commit that reads no message leaves the position where it was, the number it moves.
-- A lease that ran out and that nobody took is still the caller's: whoever had it in between would have moved the number.
-- A commit prolongs the lease: a busy owner needs no other sign of life.
--
-- KEYS  1 lease  2 meta  3 cases  4 closed  5 alarms  6 risk  7 cells  8 outbox  9 alerts  10 chunks
-- ARGV  1 epoch  2 expected position ('' for none)  3 new position  4 logical time
--       5 change number, one more than the stored one
--       6 outbox entries to drop from the front  7 channel  8 message ('' for none)  9 lease in milliseconds
--       then for each of the fourteen groups below a count of values, followed by the values:
--       cases set (key value …), cases removed (key …), closed set, closed removed,
--       alarms set (score key …), alarms removed, risk set (score key …), risk removed,
--       cells set, cells removed, outbox pushed (entry …), alerts set, chunks set, chunks removed
-- Returns 'ok', 'lease' or 'position'.
-- Bound: work is linear in the values; the caller keeps a batch below a few thousand cases.
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 'lease' end
if (redis.call('HGET', KEYS[2], 'position') or '') ~= ARGV[2] then return 'position' end
if tonumber(redis.call('HGET', KEYS[2], 'change') or 0) + 1 ~= tonumber(ARGV[5]) then return 'position' end

redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[9])

local at = 10
local function each(command, key)
  local count = tonumber(ARGV[at])
  local last = at + count
  local from = at + 1
  while from <= last do
    -- unpack fails near 8,000 values; an even number keeps pairs together
    local to = math.min(from + 3999, last)
    redis.call(command, key, unpack(ARGV, from, to))
    from = to + 1
  end
  at = last + 1
end

each('HSET', KEYS[3])
each('HDEL', KEYS[3])
each('HSET', KEYS[4])
each('HDEL', KEYS[4])
each('ZADD', KEYS[5])
each('ZREM', KEYS[5])
each('ZADD', KEYS[6])
each('ZREM', KEYS[6])
each('HSET', KEYS[7])
each('HDEL', KEYS[7])
local drop = tonumber(ARGV[6])
if drop > 0 then redis.call('LTRIM', KEYS[8], drop, -1) end
each('RPUSH', KEYS[8])
each('HSET', KEYS[9])
each('HSET', KEYS[10])
each('HDEL', KEYS[10])
redis.call('HSET', KEYS[2], 'position', ARGV[3], 'time', ARGV[4], 'change', ARGV[5])
if ARGV[8] ~= '' then redis.call('PUBLISH', ARGV[7], ARGV[8]) end
return 'ok'
