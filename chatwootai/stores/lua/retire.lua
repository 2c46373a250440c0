-- retire: a job has returned; nothing of it remains.
-- ARGV 1 worker, 2 job
-- returns 1, or 0 if it is no longer this worker's
if redis.call('HGET', 'cw:owners', ARGV[2]) ~= ARGV[1] then return 0 end
forget_job(ARGV[2])
return 1
