-- Compare and set: KEYS[1] becomes ARGV[2] for ARGV[3] seconds if it still holds ARGV[1] ('' for nothing).
-- Answers nothing when it was set, else what stands there now.
local current = redis.call('GET', KEYS[1]) or ''
if current ~= ARGV[1] then
  return current
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return false
