-- Take the field ARGV[1] off the list KEYS[1] if it still holds ARGV[2]: its phone may have been put there anew.
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return false
