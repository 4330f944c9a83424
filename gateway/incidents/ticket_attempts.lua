-- One more wrong try, ARGV[1], of the phone KEYS[1]; the same one again is none.
-- All are forgotten ARGV[2] seconds after the first.
redis.call('SADD', KEYS[1], ARGV[1])
if redis.call('TTL', KEYS[1]) < 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return false
