-- What version 0.1 of Registrar left in its database: two requests that are pending or unregistered, decisions, and an
-- outbox with a job in every state. The bot was stopped in the middle of its work.
insert into public.application_history (application_id, version, actor, action, name, added, removed, at, seq, hash) overriding system value values
  ('4', '1', 'U0PRIYA', 'create', 'Billing', '{U0PRIYA}', '{}', '2026-11-26 21:46:54.128+00', '11', '1b003f507b26277775fe428e9ffc0ad0f902f4afe20eed23019a0f1969afee2b'),
  ('2', '2', null, 'depart', 'Mobile', '{}', '{U0SAM}', '2026-11-26 21:46:54.276+00', '15', 'c87456782fe6710acb9f043e27b14fe426d925ba21b82afe25a24f52896007e4'),
  ('5', '1', 'U0DANA', 'create', 'Kiosk', '{U0DANA}', '{}', '2026-11-26 21:46:58.968+00', '18', 'd3d4253b8f96577c8a209cca7650cc46f17d40fca1484123f00091df4428cded'),
  ('1', '1', 'U0DANA', 'create', 'Shop', '{U0DANA}', '{}', '2026-11-26 21:46:53.942+00', '4', '5e0c325d1371c464155db9a0c11ab6a981ce32a625ab9c58460c72588a7c06c7'),
  ('2', '1', 'U0SAM', 'create', 'Mobile', '{U0SAM}', '{}', '2026-11-26 21:46:53.986+00', '7', 'ec4ebf8016e0c091427cd4c53cb7354ccaedf039b43348758d48a0272b125095'),
  ('3', '1', 'U0LEE', 'create', 'Scanner', '{U0LEE}', '{}', '2026-11-26 21:46:54.046+00', '9', '99ecc80a9161d7125d05dd3c7060b691092aaf80f4a91fa2231e9c6d8e7b5205');
insert into public.application_owners (application_id, user_id) overriding system value values
  ('1', 'U0DANA'),
  ('3', 'U0LEE'),
  ('4', 'U0PRIYA'),
  ('5', 'U0DANA');
insert into public.applications (id, name, created_by, created_at, version) overriding system value values
  ('1', 'Shop', 'U0DANA', '2026-11-26 21:46:53.942+00', '1'),
  ('3', 'Scanner', 'U0LEE', '2026-11-26 21:46:54.046+00', '1'),
  ('4', 'Billing', 'U0PRIYA', '2026-11-26 21:46:54.128+00', '1'),
  ('2', 'Mobile', 'U0SAM', '2026-11-26 21:46:53.986+00', '2'),
  ('5', 'Kiosk', 'U0DANA', '2026-11-26 21:46:58.968+00', '1');
insert into public.channel_turns (channel, closed_until, free) overriding system value values
  ('U0PRIYA', '2026-11-26 22:46:58.928+00', '2026-11-26 22:46:59.978+00');
insert into public.history (registration_id, version, actor, action, from_status, to_status, reason, at, seq, hash, service_id) overriding system value values
  ('4', '1', 'U0LEE', 'request', null, 'pending', 'Checkout for the shop', '2026-11-26 21:46:54.046+00', '10', '5416917704d5228b5f604b7795895bdb83c5641a56dc9dbff1e8497850905569', '1'),
  ('5', '1', 'U0PRIYA', 'request', null, 'pending', 'Checkout for the shop', '2026-11-26 21:46:54.128+00', '12', '8a4ca7a559537e7243f43ca14a14a904d65c9a1329f2b0f6387371ef4b6f5735', '1'),
  ('1', '2', 'U0ALEX', 'approve', 'pending', 'approved', null, '2026-11-26 21:46:54.19+00', '13', '8a9e4be17d1189b2fec81a68341ad74c4f284cc30f703f4edda62e693ce2b326', '1'),
  ('3', '2', 'U0ALEX', 'reject', 'pending', 'rejected', 'Not before May', '2026-11-26 21:46:54.265+00', '14', 'fab405ebeac303176599da3291a74eaff6170d3ad12095ea5523d1744edf3029', '1'),
  ('4', '2', 'U0ALEX', 'approve', 'pending', 'approved', null, '2026-11-26 21:46:54.329+00', '16', '871b6491ef92cb8f92d634d8899582d83d124dab6d04c972b0d8cd72fb2fd5a2', '1'),
  ('5', '2', 'U0ALEX', 'approve', 'pending', 'approved', null, '2026-11-26 21:46:58.762+00', '17', '380bfaa92bcf1032a7826f35b9c298a7c9cc185cb68b36c3ffac5658fbd53b5d', '1'),
  ('6', '1', 'U0DANA', 'request', null, 'pending', 'Checkout for the shop', '2026-11-26 21:46:58.968+00', '19', 'b9baf1d211a2af9cf74d4701c60cfde68ed4846459ea10bb1044633299b65d5b', '1'),
  ('6', '2', 'U0DANA', 'unregister', 'pending', 'unregistered', null, '2026-11-26 21:46:59.008+00', '20', 'ec07fc9fc675d21173ae5166021286f96b952a44b1b229ef010426f171fe491e', '1'),
  ('1', '1', 'U0DANA', 'request', null, 'pending', 'Checkout for the shop', '2026-11-26 21:46:53.942+00', '5', 'a4986d3604b959d167dc03503dc7e77fb6426b8fd097d91fb374175473777e8f', '1'),
  ('2', '1', 'U0DANA', 'request', null, 'pending', 'Checkout for the shop', '2026-11-26 21:46:53.942+00', '6', '3237ddf8f7388c9c5d568f5d2b67e9b36e55dc96c4392e1ed6e83818285d792b', '2'),
  ('3', '1', 'U0SAM', 'request', null, 'pending', 'Checkout for the shop', '2026-11-26 21:46:53.986+00', '8', '59657dbd07da7ab6039ad3bd6189664716cce9ac79af8c197a45211518b3f8a0', '1');
delete from public.history_head;
insert into public.history_head ("only", seq, hash) overriding system value values
  ('true', '20', 'ec07fc9fc675d21173ae5166021286f96b952a44b1b229ef010426f171fe491e');
insert into public.homes (user_id, opened_at, mine_page, queue_page, search, stale, drawn_at, catalog_page, catalog_search) overriding system value values
  ('U0DANA', '2026-11-26 21:46:53.878+00', '1', '1', '', 'false', '2026-11-26 21:47:00.146+00', '1', '');
insert into public.orphans (application_id, version, channel, ts) overriding system value values
  ('2', '2', 'C0REQUESTS', '1795729614.353100');
insert into public.registrations (id, application_id, service_id, requester, reason, requested_at, form, status, version, changed_by, changed_at, change_reason, card_channel, card_ts, card_version, remind_at, reminders, card_changes) overriding system value values
  ('2', '1', '2', 'U0DANA', 'Checkout for the shop', '2026-11-26 21:46:53.942+00', 'V00828BC6875', 'pending', '1', null, '2026-11-26 21:46:53.942+00', null, null, null, null, '2026-11-27 21:46:53.942+00', '0', '0'),
  ('1', '1', '1', 'U0DANA', 'Checkout for the shop', '2026-11-26 21:46:53.942+00', 'V00828BC6875', 'approved', '2', 'U0ALEX', '2026-11-26 21:46:54.19+00', null, 'C0REQUESTS', '1795729614.035100', '2', '2026-11-27 21:46:53.942+00', '0', '0'),
  ('3', '2', '1', 'U0SAM', 'Checkout for the shop', '2026-11-26 21:46:53.986+00', 'V0E981B72A96', 'rejected', '2', 'U0ALEX', '2026-11-26 21:46:54.265+00', 'Not before May', 'C0REQUESTS', '1795729614.117100', '2', '2026-11-27 21:46:53.986+00', '0', '0'),
  ('4', '3', '1', 'U0LEE', 'Checkout for the shop', '2026-11-26 21:46:54.046+00', 'V0EAD48C615E', 'approved', '2', 'U0ALEX', '2026-11-26 21:46:54.329+00', null, 'C0REQUESTS', '1795729614.130100', '2', '2026-11-27 21:46:54.046+00', '0', '0'),
  ('5', '4', '1', 'U0PRIYA', 'Checkout for the shop', '2026-11-26 21:46:54.128+00', 'V0E87F7B1D1F', 'approved', '2', 'U0ALEX', '2026-11-26 21:46:58.762+00', null, 'C0REQUESTS', '1795729614.169100', '2', '2026-11-27 21:46:54.128+00', '0', '0'),
  ('6', '5', '1', 'U0DANA', 'Checkout for the shop', '2026-11-26 21:46:58.968+00', 'V0BD5A614FF7', 'unregistered', '2', 'U0DANA', '2026-11-26 21:46:59.008+00', null, null, null, null, '2026-11-27 21:46:58.968+00', '0', '0');
insert into public.served_ticks (schedule, reading, pattern) overriding system value values
  ('reminders', '2026-11-26 09:00:00', '0 9 * * 1-5 UTC');
insert into public.service_changes (service_id, version, after, at, seq, hash) overriding system value values
  ('2', '1', '{"docs": null, "name": "Ledger API", "slug": "ledger", "channel": "C0PAY", "retired": false, "approvers": ["U0ALEX"], "managedBy": "file", "autoApprove": false, "description": "", "registrationEnabled": true}', '2026-11-26 21:46:53.747+00', '1', '6fa106c93273c8f80ddcfd4545d54a3380e5391c9b3f692307f41831e0c05115'),
  ('1', '1', '{"docs": "https://docs.acme.example/payments", "name": "Payments API", "slug": "payments", "channel": null, "retired": false, "approvers": [], "managedBy": "file", "autoApprove": false, "description": "", "registrationEnabled": true}', '2026-11-26 21:46:53.747+00', '2', 'b3e94fa45ece32eb0323521398abe4bd5f3e170b16324230dd39af63dfbe348a'),
  ('3', '1', '{"docs": null, "name": "Search API", "slug": "search", "channel": null, "retired": false, "approvers": [], "managedBy": "file", "autoApprove": true, "description": "", "registrationEnabled": true}', '2026-11-26 21:46:53.747+00', '3', '0393ecb66a3e99a3085a30193152c83690f99fc490e98a0a3d20700f9bafea24');
insert into public.services (id, slug, name, description, docs, registration_enabled, auto_approve, channel, approvers, managed_by, version) overriding system value values
  ('1', 'payments', 'Payments API', '', 'https://docs.acme.example/payments', 'true', 'false', null, '{}', 'file', '1'),
  ('2', 'ledger', 'Ledger API', '', null, 'true', 'false', 'C0PAY', '{U0ALEX}', 'file', '1'),
  ('3', 'search', 'Search API', '', null, 'true', 'true', null, '{}', 'file', '1');
insert into public.troubles (place, why, since, over_at, told_at) overriding system value values
  ('C0PAY', 'channel_not_found', '2026-11-26 21:46:54.043+00', null, '2026-11-26 21:46:54.043+00'),
  ('direct', 'channel_not_found', '2026-11-26 21:46:54.301+00', '2026-11-26 21:46:54.301+00', '2026-11-26 21:46:54.301+00');
select setval('public.applications_id_seq', 5);
select setval('public.registrations_id_seq', 6);
select setval('public.services_id_seq', 3);
select pgboss.create_queue('outbox-dead', '{"policy":"standard","retryLimit":2,"retryDelay":0,"retryBackoff":false,"retryDelayMax":null,"expireInSeconds":900,"retentionSeconds":31536000,"deleteAfterSeconds":604800,"deadLetter":null,"heartbeatSeconds":null,"notify":false}');
select pgboss.create_queue('outbox', '{"policy":"key_strict_fifo","retryLimit":2000,"retryDelay":1,"retryBackoff":true,"retryDelayMax":300,"expireInSeconds":60,"retentionSeconds":2592000,"deleteAfterSeconds":86400,"deadLetter":"outbox-dead","heartbeatSeconds":10,"notify":true}');
select pgboss.create_queue('outbox-mail', '{"policy":"key_strict_fifo","retryLimit":2000,"retryDelay":1,"retryBackoff":true,"retryDelayMax":300,"expireInSeconds":60,"retentionSeconds":2592000,"deleteAfterSeconds":86400,"deadLetter":"outbox-dead","heartbeatSeconds":10,"notify":true}');
insert into pgboss.job (id, name, priority, data, state, retry_limit, retry_count, retry_delay, retry_backoff, retry_delay_max, expire_seconds, deletion_seconds, singleton_key, start_after, created_on, started_on, completed_on, keep_until, output, dead_letter, policy, heartbeat_on, heartbeat_seconds, blocked, blocking, pending_dependencies, source_name, source_id, source_created_on, source_retry_count, source_output, source_root_id) overriding system value values
  ('9766a9be-b655-4bf0-8c64-a086574e5dec', 'outbox', '1', '{"kind": "catalog"}', 'completed', '2000', '0', '1', 'true', '300', '60', '86400', 'catalog', '2026-11-26 21:46:53.757224+00', '2026-11-26 21:46:53.757224+00', '2026-11-26 21:46:53.863331+00', '2026-11-26 21:46:54.060403+00', '2026-12-26 21:46:53.757224+00', null, 'outbox-dead', 'key_strict_fifo', '2026-11-26 21:46:53.863331+00', '10', 'false', 'false', '0', null, null, null, null, null, null),
  ('50072937-4458-4e7e-8c01-2d1687934471', 'outbox', '1', '{"kind": "card", "version": 1, "registration": 2}', 'retry', '2000', '1', '1', 'true', '300', '60', '86400', 'card:2', '2026-11-26 21:47:01.518791+00', '2026-11-26 21:46:53.943191+00', '2026-11-26 21:46:58.832558+00', null, '2026-12-26 21:46:53.943191+00', '{"why": "channel_not_found", "place": "C0PAY"}', 'outbox-dead', 'key_strict_fifo', null, '10', 'false', 'false', '0', null, null, null, null, null, null),
  ('6d80fb02-ca97-463b-bc67-674fc2d38477', 'outbox', '1', '{"kind": "card", "version": 1, "registration": 1}', 'completed', '2000', '0', '1', 'true', '300', '60', '86400', 'card:1', '2026-11-26 21:46:53.943191+00', '2026-11-26 21:46:53.943191+00', '2026-11-26 21:46:53.960896+00', '2026-11-26 21:46:54.048476+00', '2026-12-26 21:46:53.943191+00', null, 'outbox-dead', 'key_strict_fifo', '2026-11-26 21:46:53.960896+00', '10', 'false', 'false', '0', null, null, null, null, null, null),
  ('2cb22bad-8111-49ca-a81d-dd4bbd6ef47f', 'outbox-mail', '1', '{"kind": "mail", "version": 2, "registration": 1}', 'retry', '2000', '1', '1', 'true', '300', '60', '86400', 'mail:1', '2026-11-26 21:47:00.240211+00', '2026-11-26 21:46:54.190432+00', '2026-11-26 21:46:56.381824+00', null, '2026-12-26 21:46:54.190432+00', '{}', 'outbox-dead', 'key_strict_fifo', null, '10', 'false', 'false', '0', null, null, null, null, null, null),
  ('932ba7f8-2f00-4e01-b23e-c6776dbe22e0', 'outbox-mail', '1', '{"kind": "mail", "version": 2, "registration": 3}', 'retry', '2000', '1', '1', 'true', '300', '60', '86400', 'mail:3', '2026-11-26 21:46:59.955434+00', '2026-11-26 21:46:54.267095+00', '2026-11-26 21:46:56.38346+00', null, '2026-12-26 21:46:54.267095+00', '{}', 'outbox-dead', 'key_strict_fifo', null, '10', 'false', 'false', '0', null, null, null, null, null, null),
  ('4b5254f7-3292-4feb-833d-1f50e9f78543', 'outbox-dead', '1', '{"why": "channel_not_found", "kind": "notice", "place": "direct", "since": "2026-11-26T21:46:54.267Z", "unsure": true, "version": 2, "registration": 3}', 'created', '2', '0', '0', 'false', null, '900', '604800', 'notice:3', '2026-11-26 21:46:54.301841+00', '2026-11-26 21:46:54.301841+00', null, null, '2027-11-26 21:46:54.301841+00', null, null, 'standard', null, null, 'false', 'false', '0', null, null, null, null, null, null),
  ('3e43f94e-00d7-4f48-8eb5-639bec982406', 'outbox-mail', '1', '{"kind": "mail", "version": 2, "registration": 4}', 'retry', '2000', '1', '1', 'true', '300', '60', '86400', 'mail:4', '2026-11-26 21:47:00.135344+00', '2026-11-26 21:46:54.329721+00', '2026-11-26 21:46:56.385872+00', null, '2026-12-26 21:46:54.329721+00', '{}', 'outbox-dead', 'key_strict_fifo', null, '10', 'false', 'false', '0', null, null, null, null, null, null),
  ('7f14d18d-d2f0-4995-a228-97357620b4d0', 'outbox', '1', '{"kind": "notice", "version": 2, "registration": 4}', 'failed', '0', '0', '1', 'true', '300', '60', '86400', 'notice:4', '2026-11-26 21:46:54.329721+00', '2026-11-26 21:46:54.329721+00', '2026-11-26 21:46:54.334783+00', '2026-11-26 21:46:58.748324+00', '2026-12-26 21:46:54.329721+00', '{"value": {"message": "job heartbeat timeout"}}', 'outbox-dead', 'key_strict_fifo', null, '1', 'false', 'false', '0', null, null, null, null, null, null),
  ('5ee8d891-ad09-4cf1-aded-c958899b9244', 'outbox-dead', '1', '{"kind": "notice", "version": 2, "registration": 4}', 'created', '2', '0', '0', 'false', null, '900', '604800', 'notice:4', '2026-11-26 21:46:58.748324+00', '2026-11-26 21:46:58.748324+00', null, null, '2027-11-26 21:46:58.748324+00', null, null, null, null, null, 'false', 'false', '0', 'outbox', '7f14d18d-d2f0-4995-a228-97357620b4d0', '2026-11-26 21:46:54.329721+00', '0', '{"value": {"message": "job heartbeat timeout"}}', '7f14d18d-d2f0-4995-a228-97357620b4d0'),
  ('a300e49c-5c2a-4561-94f7-1260d915498d', 'outbox', '1', '{"kind": "notice", "turn": "2026-11-26T22:46:58.928Z", "since": "2026-11-26T21:46:58.763Z", "unsure": false, "version": 2, "registration": 5}', 'retry', '2000', '0', '1', 'true', '300', '60', '86400', 'notice:5', '2026-11-26 22:46:58.928+00', '2026-11-26 21:46:58.763+00', null, null, '2026-12-26 22:46:58.928+00', '{}', 'outbox-dead', 'key_strict_fifo', null, '10', 'false', 'false', '0', null, null, null, null, null, null),
  ('2215ef7d-05af-4de6-ade7-664eff5a3408', 'outbox-mail', '1', '{"kind": "mail", "version": 2, "registration": 5}', 'retry', '2000', '0', '1', 'true', '300', '60', '86400', 'mail:5', '2026-11-26 21:47:00.692051+00', '2026-11-26 21:46:58.763464+00', '2026-11-26 21:46:58.833577+00', null, '2026-12-26 21:46:58.763464+00', '{}', 'outbox-dead', 'key_strict_fifo', null, '10', 'false', 'false', '0', null, null, null, null, null, null),
  ('a323d914-4654-41d7-b1d8-4d697d5dae3b', 'outbox', '1', '{"kind": "card", "version": 1, "registration": 6}', 'active', '2000', '0', '1', 'true', '300', '60', '86400', 'card:6', '2026-11-26 21:46:58.968866+00', '2026-11-26 21:46:58.968866+00', '2026-11-26 21:46:58.978859+00', null, '2026-12-26 21:46:58.968866+00', null, 'outbox-dead', 'key_strict_fifo', '2026-11-26 21:46:58.978859+00', '10', 'false', 'false', '0', null, null, null, null, null, null),
  ('02cbb526-5e8c-4b40-89f3-0778e73d2e9b', 'outbox', '1', '{"kind": "card", "version": 2, "registration": 6}', 'created', '2000', '0', '1', 'true', '300', '60', '86400', 'card:6', '2026-11-26 21:46:59.00905+00', '2026-11-26 21:46:59.00905+00', null, null, '2026-12-26 21:46:59.00905+00', null, 'outbox-dead', 'key_strict_fifo', null, '10', 'false', 'false', '0', null, null, null, null, null, null);
