-- Delete the field ARGV[1] of the hash KEYS[1] if it is still ARGV[2]: its phone may have been added again meanwhile.
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return false
