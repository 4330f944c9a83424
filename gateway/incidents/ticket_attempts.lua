-- Count the wrong lookup ARGV[1] of the phone KEYS[1]. The same lookup again changes nothing.
-- The count expires ARGV[2] seconds after the first. Answers nothing.
redis.call('SADD', KEYS[1], ARGV[1])
if redis.call('TTL', KEYS[1]) < 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return false
