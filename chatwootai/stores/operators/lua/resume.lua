-- resume: a paused account goes on now.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account
-- returns 1, or 0 if it was not paused
if not is_paused(ARGV[1]) then return 0 end
end_pause(ARGV[1])
return 1
