-- The log of acts (control.audit) becomes a chain: each entry carries the hash of the one before. It is written at the commit, by a
-- deferred trigger, so that every insert is chained, the former release's too, and nobody waits longer than a commit takes. The
-- application may insert and read, as before; only the function's owner writes the hash.
alter table control.audit add column seq bigint;
alter table control.audit add column prev bytea;
alter table control.audit add column hash bytea;
create unique index audit_seq_uq on control.audit (seq);

-- SHA-256 of the entry before and of each field, each with its length in front (auth/act.Act.Digest says the same in Go).
create function control.act_hash(prev bytea, seq bigint, id uuid, actor_kind text, actor_id uuid, action text, tenant_id uuid, data jsonb, at timestamptz)
    returns bytea language sql stable set search_path = pg_catalog, pg_temp as $$
    select sha256(string_agg(int8send(octet_length(part)::bigint) || part, ''::bytea order by n))
    from unnest(array[
        prev, int8send(seq), uuid_send(id), convert_to(actor_kind, 'UTF8'), coalesce(uuid_send(actor_id), ''::bytea), convert_to(action, 'UTF8'),
        coalesce(uuid_send(tenant_id), ''::bytea), convert_to(data::text, 'UTF8'), int8send((extract(epoch from at) * 1000000)::bigint)
    ]) with ordinality as parts (part, n)
$$;

create function control.chain_act() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    last bigint;
    tail bytea;
begin
    -- "lyct": one entry after the other. The query below sees what others committed while this waited.
    perform pg_advisory_xact_lock(1819894644, 0);
    select a.seq, a.hash into last, tail from control.audit a where a.seq is not null order by a.seq desc limit 1;
    last := coalesce(last, 0) + 1;
    tail := coalesce(tail, sha256('lyceum acts v1'::bytea));
    update control.audit a set seq = last, prev = tail,
        hash = control.act_hash(tail, last, a.id, a.actor_kind, a.actor_id, a.action, a.tenant_id, a.data, a.at)
        where a.id = new.id;
    return null;
end
$$;
create constraint trigger audit_chain after insert on control.audit deferrable initially deferred
    for each row execute function control.chain_act();

-- What was written before is chained in its order.
do $$
declare
    entry record;
    last bigint := 0;
    tail bytea := sha256('lyceum acts v1'::bytea);
begin
    for entry in select a.id from control.audit a order by a.at, a.id loop
        last := last + 1;
        update control.audit a set seq = last, prev = tail,
            hash = control.act_hash(tail, last, a.id, a.actor_kind, a.actor_id, a.action, a.tenant_id, a.data, a.at)
            where a.id = entry.id returning a.hash into tail;
    end loop;
end
$$;
create index audit_actor_ix on control.audit (actor_id, seq);
