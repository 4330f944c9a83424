-- One channel's pace, shared by all workers. KEYS[1] holds when the next part may leave, in microseconds of this server.
-- ARGV: parts wanted, parts per second, the longest wait in microseconds that is still worth taking a place for.
-- Answers the microseconds to wait; negative: so long, and no place was taken.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = free - now
if wait > tonumber(ARGV[3]) then
  return -wait
end
local taken = math.ceil(ARGV[1] * 1000000 / ARGV[2])
redis.call('SET', KEYS[1], string.format('%.0f', free + taken), 'PX', math.ceil((wait + taken) / 1000) + 1000)
return wait
