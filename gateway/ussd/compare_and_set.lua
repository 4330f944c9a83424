-- Compare and set: KEYS[1] becomes ARGV[2], with a TTL of ARGV[3] seconds, if it is still ARGV[1] ('' for no value).
-- Answers nothing if it was set, otherwise the current value.
local current = redis.call('GET', KEYS[1]) or ''
if current ~= ARGV[1] then
  return current
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return false
