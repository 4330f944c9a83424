-- Rate limiter of one channel, shared by all workers (virtual scheduling). KEYS[1] holds when the next part may be sent,
-- in microseconds of this server's clock.
-- ARGV: parts wanted, parts per second, longest wait in microseconds for which capacity is reserved.
-- Returns the microseconds to wait. A negative number of them: nothing was reserved.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = free - now
if wait > tonumber(ARGV[3]) then
  return -wait
end
local reserved = math.ceil(ARGV[1] * 1000000 / ARGV[2])
redis.call('SET', KEYS[1], string.format('%.0f', free + reserved), 'PX', math.ceil((wait + reserved) / 1000) + 1000)
return wait
