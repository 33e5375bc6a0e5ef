-- A bookings database as version 1 of the plugin's schema wrote it: the life of one booking in five events, the later
-- ones with keep_raw = false. Frozen: tests/plugins/sqlite_migration_test.cpp brings it up to date.
PRAGMA page_size = 8192;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA application_id = 1112040043;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE event (  -- one row per event, never changed afterwards
  no          INTEGER PRIMARY KEY,   -- order of recording in this file
  id          TEXT    NOT NULL UNIQUE,  -- the same for every re-delivery and replay
  seq         INTEGER NOT NULL,      -- position in Bellhop's journal
  type        TEXT    NOT NULL,      -- booking.confirmed, booking.canceled, ping ...
  subject     TEXT    NOT NULL,      -- booking/ID
  time        TEXT    NOT NULL,      -- when it happened, by the vendor's word; UTC
  time_ms     INTEGER NOT NULL,      -- the same as Unix time in milliseconds
  received    TEXT    NOT NULL,      -- when Bellhop received it; UTC
  received_ms INTEGER NOT NULL,
  late        INTEGER NOT NULL,      -- 1: older than what its booking shows already, so not applied
  test        INTEGER NOT NULL,      -- 1: sent by a Test button or command; never touches a booking
  json        TEXT    NOT NULL,      -- the normalised event
  raw         BLOB                   -- the body as received, byte for byte; NULL with keep_raw = false
) STRICT;
INSERT INTO event VALUES(1,'06f9c2c8bc914819cc50104d7b44a405',1,'booking.requested','booking/BOOKING_ID','2014-01-01T00:00:00.000Z',1388534400000,'2026-09-21T14:13:20.000Z',1790000000000,0,0,'{"specversion":"1.0","id":"06f9c2c8bc914819cc50104d7b44a405","source":"appointlet/organization/1","type":"booking.requested","subject":"booking/BOOKING_ID","time":"2014-01-01T00:00:00Z","datacontenttype":"application/json","dataschema":"urn:bellhop:event:1","data":{"vendor":{"name":"appointlet","dialect":"legacy","type":"booking","action":"requested","id":"1"},"organization":{"id":"1","name":"Organization 1","language":"en-us"},"booking":{"id":"BOOKING_ID","status":"requested","start":"2014-02-01T10:00:00Z","end":"2014-01-01T00:00:00Z","timezone":"US/Pacific","created":"2017-06-29T20:00:05.810173Z","url":"https://salon-demo.appointlet.com/booking/BOOKING_ID","attendee":{"email":"webhooks+sample@appointlet.com","name":"John Smith","first_name":"John","last_name":"Smith","phone":"+1.888.555.1212"},"host":{"id":"1","name":"Member 1","slug":"member-1","timezone":"US/Pacific"},"meeting_type":{"id":"1","name":"Meeting Type 1","slug":"meeting-type-1","duration_s":1800,"price":{"amount":"0.00","currency":"USD"}},"answers":[{"slug":"first-name","label":"First Name","kind":"CharField","value":"John","text":"John"},{"slug":"last-name","label":"Last Name","kind":"CharField","value":"Smith","text":"Smith"},{"slug":"phone-number","label":"Phone Number","kind":"CharField","value":"+1.888.555.1212","text":"+1.888.555.1212"}],"payment":{"amount":{"amount":"0.00"},"refunded":{"amount":"0.00"}},"links":{"ics":"https://api.appointlet.com/bookings/BOOKING_ID/ics","google":"https://api.appointlet.com/bookings/BOOKING_ID/add_to_google_calendar","outlook":"https://api.appointlet.com/bookings/BOOKING_ID/add_to_outlook_calendar","confirm":"https://api.appointlet.com/bookings/BOOKING_ID/confirm","cancel":"https://api.appointlet.com/bookings/BOOKING_ID/cancel","reschedule":"https://api.appointlet.com/bookings/BOOKING_ID/reschedule","reassign":"https://api.appointlet.com/bookings/BOOKING_ID/reassign"}}}}',X'7b0a2020226964223a20312c0a20202274797065223a2022626f6f6b696e67222c0a202022616374696f6e223a2022726571756573746564222c0a2020226d657461223a207b7d2c0a2020226f7267616e697a6174696f6e223a20312c2022646174655f63726561746564223a2022323031342d30312d30315430303a30303a30305a222c0a2020226f626a656374223a207b0a20202020226964223a2022424f4f4b494e475f4944222c0a202020202274696d657a6f6e65223a202255532f50616369666963222c0a2020202022656d61696c223a2022776562686f6f6b732b73616d706c65406170706f696e746c65742e636f6d222c0a20202020227374617274223a2022323031342d30322d30315431303a30303a30305a222c0a2020202022656e64223a2022323031342d30312d30315430303a30303a30305a222c0a2020202022646174655f63726561746564223a2022323031372d30362d32395432303a30303a30352e3831303137335a222c0a2020202022636f6e6669726d6564223a2066616c73652c0a202020202263616e63656c6564223a2066616c73652c0a202020202272656d696e646572315f73656e74223a2066616c73652c0a202020202272656d696e646572325f73656e74223a2066616c73652c0a202020202272656d696e646572335f73656e74223a2066616c73652c0a2020202022666f6c6c6f775f75705f73656e74223a2066616c73652c0a2020202022636f6e666572656e63655f64617461223a206e756c6c2c0a2020202022636f6e666572656e63655f70726f7669646572223a206e756c6c2c0a202020202275746d5f63616d706169676e223a206e756c6c2c0a202020202275746d5f636f6e74656e74223a206e756c6c2c0a202020202275746d5f7465726d223a206e756c6c2c0a202020202275746d5f736f75726365223a206e756c6c2c0a202020202275746d5f6d656469756d223a206e756c6c2c0a20202020227061796d656e745f726566756e646564223a2022302e3030222c0a20202020227061796d656e745f6964656e746966696572223a206e756c6c2c0a20202020227061796d656e745f63757272656e6379223a206e756c6c2c0a20202020227061796d656e745f616d6f756e74223a2022302e3030222c0a20202020227061796d656e745f6163636f756e74223a206e756c6c2c0a202020202275726c223a202268747470733a2f2f73616c6f6e2d64656d6f2e6170706f696e746c65742e636f6d2f626f6f6b696e672f424f4f4b494e475f4944222c0a202020202273657276696365223a207b0a202020202020226964223a20312c0a2020202020202263617465676f7279223a206e756c6c2c0a202020202020226e616d65223a20224d656574696e6720547970652031222c0a202020202020226465736372697074696f6e223a2022222c0a20202020202022696d616765223a206e756c6c2c0a202020202020226475726174696f6e223a20313830302e302c0a2020202020202263757272656e6379223a2022555344222c0a202020202020227072696365223a2022302e3030222c0a202020202020226465706f736974223a2022302e3030222c0a20202020202022746178223a2022302e3030222c0a202020202020226d616e75616c5f636f6e6669726d223a2066616c73652c0a2020202020202263616e63656c6174696f6e5f6e6f74696365223a20302e302c0a2020202020202272657363686564756c655f6e6f74696365223a20302e302c0a202020202020226d696e696d756d5f6e6f74696365223a20333630302e302c0a202020202020226d6178696d756d5f6e6f74696365223a20353138343030302e302c0a20202020202022706f6f6c65645f617661696c6162696c697479223a2066616c73652c0a202020202020226c6f636174696f6e5f74797065223a206e756c6c2c0a202020202020226c6f636174696f6e223a206e756c6c2c0a20202020202022736c7567223a20226d656574696e672d747970652d31220a202020207d2c0a20202020226f7267616e697a6174696f6e223a207b0a202020202020226964223a20312c0a202020202020226e616d65223a20224f7267616e697a6174696f6e2031222c0a202020202020226c616e6775616765223a2022656e2d7573222c0a20202020202022696d616765223a202268747470733a2f2f756361726563646e2e636f6d2f37323238666339382d303836332d346362332d626563372d3936363638656263616461652f2d2f737472657463682f6f66662f2d2f726573697a652f783130302f222c0a20202020202022626f6f6b61626c655f74797065223a20226d656d626572222c0a20202020202022626f6f6b61626c655f747970655f706c7572616c223a20226d656d62657273222c0a20202020202022736572766963655f74797065223a20226d656574696e672074797065222c0a20202020202022736572766963655f747970655f706c7572616c223a20226d656574696e67207479706573220a202020207d2c0a2020202022626f6f6b61626c65223a207b0a202020202020226964223a20312c0a202020202020226e616d65223a20224d656d6265722031222c0a202020202020226465736372697074696f6e223a2022222c0a20202020202022696d616765223a2022222c0a2020202020202274696d657a6f6e65223a202255532f50616369666963222c0a20202020202022636f6e666572656e63655f70686f6e65223a206e756c6c2c0a2020202020202272656c223a207b0a202020202020202022617661696c61626c655f74696d6573223a202268747470733a2f2f6170692e6170706f696e746c65742e636f6d2f626f6f6b61626c65732f312f617661696c61626c655f74696d6573220a2020202020207d2c0a20202020202022736c7567223a20226d656d6265722d31220a202020207d2c0a20202020226669656c6473223a205b0a2020202020207b0a2020202020202020226669656c64223a207b0a202020202020202020202276697369626c65223a20747275652c0a20202020202020202020226964223a20312c0a20202020202020202020226b696e64223a2022436861724669656c64222c0a2020202020202020202022736c7567223a202266697273742d6e616d65222c0a20202020202020202020226b7761726773223a207b0a202020202020202020202020226d61785f6c656e677468223a203130302c0a202020202020202020202020227265717569726564223a20747275652c0a202020202020202020202020226c6162656c223a20224669727374204e616d65220a202020202020202020207d0a20202020202020207d2c0a20202020202020202276616c7565223a20224a6f686e220a2020202020207d2c0a2020202020207b0a2020202020202020226669656c64223a207b0a202020202020202020202276697369626c65223a20747275652c0a20202020202020202020226964223a20322c0a20202020202020202020226b696e64223a2022436861724669656c64222c0a2020202020202020202022736c7567223a20226c6173742d6e616d65222c0a20202020202020202020226b7761726773223a207b0a202020202020202020202020227265717569726564223a20747275652c0a202020202020202020202020226d61785f6c656e677468223a203130302c0a202020202020202020202020226c6162656c223a20224c617374204e616d65220a202020202020202020207d0a20202020202020207d2c0a20202020202020202276616c7565223a2022536d697468220a2020202020207d2c0a2020202020207b0a2020202020202020226669656c64223a207b0a202020202020202020202276697369626c65223a20747275652c0a20202020202020202020226964223a20332c0a20202020202020202020226b696e64223a2022436861724669656c64222c0a2020202020202020202022736c7567223a202270686f6e652d6e756d626572222c0a20202020202020202020226b7761726773223a207b0a2020202020202020202020202268656c705f74657874223a2022506c6561736520696e636c756465206172656120616e6420636f756e74727920636f64652e222c0a202020202020202020202020227265717569726564223a20747275652c0a202020202020202020202020226d61785f6c656e677468223a203130302c0a202020202020202020202020226c6162656c223a202250686f6e65204e756d626572220a202020202020202020207d0a20202020202020207d2c0a20202020202020202276616c7565223a20222b312e3838382e3535352e31323132220a2020202020207d0a202020205d2c0a202020202272656c223a207b0a20202020202022726561737369676e61626c655f626f6f6b61626c6573223a202268747470733a2f2f6170692e6170706f696e746c65742e636f6d2f626f6f6b696e67732f424f4f4b494e475f49442f726561737369676e61626c655f626f6f6b61626c6573222c0a20202020202022636f6e6669726d223a202268747470733a2f2f6170692e6170706f696e746c65742e636f6d2f626f6f6b696e67732f424f4f4b494e475f49442f636f6e6669726d222c0a202020202020226164645f746f5f6f75746c6f6f6b5f63616c656e646172223a202268747470733a2f2f6170692e6170706f696e746c65742e636f6d2f626f6f6b696e67732f424f4f4b494e475f49442f6164645f746f5f6f75746c6f6f6b5f63616c656e646172222c0a202020202020226164645f746f5f676f6f676c655f63616c656e646172223a202268747470733a2f2f6170692e6170706f696e746c65742e636f6d2f626f6f6b696e67732f424f4f4b494e475f49442f6164645f746f5f676f6f676c655f63616c656e646172222c0a2020202020202272657363686564756c65223a202268747470733a2f2f6170692e6170706f696e746c65742e636f6d2f626f6f6b696e67732f424f4f4b494e475f49442f72657363686564756c65222c0a20202020202022696373223a202268747470733a2f2f6170692e6170706f696e746c65742e636f6d2f626f6f6b696e67732f424f4f4b494e475f49442f696373222c0a20202020202022726561737369676e223a202268747470733a2f2f6170692e6170706f696e746c65742e636f6d2f626f6f6b696e67732f424f4f4b494e475f49442f726561737369676e222c0a2020202020202263616e63656c223a202268747470733a2f2f6170692e6170706f696e746c65742e636f6d2f626f6f6b696e67732f424f4f4b494e475f49442f63616e63656c220a202020207d0a20207d0a7d');
INSERT INTO event VALUES(2,'66a7b7d48a648541f731df47c4818ae3',2,'booking.confirmed','booking/BOOKING_ID','2014-01-02T00:00:00.000Z',1388620800000,'2026-09-21T14:13:20.000Z',1790000000000,0,0,'{"specversion":"1.0","id":"66a7b7d48a648541f731df47c4818ae3","source":"appointlet/organization/1","type":"booking.confirmed","subject":"booking/BOOKING_ID","time":"2014-01-02T00:00:00Z","datacontenttype":"application/json","dataschema":"urn:bellhop:event:1","data":{"vendor":{"name":"appointlet","dialect":"legacy","type":"booking","action":"confirmed","id":"1"},"organization":{"id":"1","name":"Organization 1","language":"en-us"},"booking":{"id":"BOOKING_ID","status":"confirmed","start":"2014-02-01T10:00:00Z","end":"2014-01-01T00:00:00Z","timezone":"US/Pacific","created":"2017-06-29T20:00:05.810173Z","url":"https://salon-demo.appointlet.com/booking/BOOKING_ID","attendee":{"email":"webhooks+sample@appointlet.com","name":"John Smith","first_name":"John","last_name":"Smith","phone":"+1.888.555.1212"},"host":{"id":"1","name":"Member 1","slug":"member-1","timezone":"US/Pacific"},"meeting_type":{"id":"1","name":"Meeting Type 1","slug":"meeting-type-1","duration_s":1800,"price":{"amount":"0.00","currency":"USD"}},"answers":[{"slug":"first-name","label":"First Name","kind":"CharField","value":"John","text":"John"},{"slug":"last-name","label":"Last Name","kind":"CharField","value":"Smith","text":"Smith"},{"slug":"phone-number","label":"Phone Number","kind":"CharField","value":"+1.888.555.1212","text":"+1.888.555.1212"}],"payment":{"amount":{"amount":"0.00"},"refunded":{"amount":"0.00"}},"links":{"ics":"https://api.appointlet.com/bookings/BOOKING_ID/ics","google":"https://api.appointlet.com/bookings/BOOKING_ID/add_to_google_calendar","outlook":"https://api.appointlet.com/bookings/BOOKING_ID/add_to_outlook_calendar","confirm":"https://api.appointlet.com/bookings/BOOKING_ID/confirm","cancel":"https://api.appointlet.com/bookings/BOOKING_ID/cancel","reschedule":"https://api.appointlet.com/bookings/BOOKING_ID/reschedule","reassign":"https://api.appointlet.com/bookings/BOOKING_ID/reassign"}}}}',NULL);
INSERT INTO event VALUES(3,'633f3232539d3b8d77ccafcd2aabe47f',3,'booking.rescheduled','booking/BOOKING_ID','2014-01-03T00:00:00.000Z',1388707200000,'2026-09-21T14:13:20.000Z',1790000000000,0,0,'{"specversion":"1.0","id":"633f3232539d3b8d77ccafcd2aabe47f","source":"appointlet/organization/1","type":"booking.rescheduled","subject":"booking/BOOKING_ID","time":"2014-01-03T00:00:00Z","datacontenttype":"application/json","dataschema":"urn:bellhop:event:1","data":{"vendor":{"name":"appointlet","dialect":"legacy","type":"booking","action":"rescheduled","id":"1"},"organization":{"id":"1","name":"Organization 1","language":"en-us"},"booking":{"id":"BOOKING_ID","status":"confirmed","start":"2014-02-02T10:00:00Z","end":"2014-01-01T00:00:00Z","timezone":"US/Pacific","created":"2017-06-29T20:00:05.810173Z","url":"https://salon-demo.appointlet.com/booking/BOOKING_ID","attendee":{"email":"webhooks+sample@appointlet.com","name":"John Smith","first_name":"John","last_name":"Smith","phone":"+1.888.555.1212"},"host":{"id":"1","name":"Member 1","slug":"member-1","timezone":"US/Pacific"},"meeting_type":{"id":"1","name":"Meeting Type 1","slug":"meeting-type-1","duration_s":1800,"price":{"amount":"0.00","currency":"USD"}},"answers":[{"slug":"first-name","label":"First Name","kind":"CharField","value":"John","text":"John"},{"slug":"last-name","label":"Last Name","kind":"CharField","value":"Smith","text":"Smith"},{"slug":"phone-number","label":"Phone Number","kind":"CharField","value":"+1.888.555.1212","text":"+1.888.555.1212"}],"payment":{"amount":{"amount":"0.00"},"refunded":{"amount":"0.00"}},"links":{"ics":"https://api.appointlet.com/bookings/BOOKING_ID/ics","google":"https://api.appointlet.com/bookings/BOOKING_ID/add_to_google_calendar","outlook":"https://api.appointlet.com/bookings/BOOKING_ID/add_to_outlook_calendar","confirm":"https://api.appointlet.com/bookings/BOOKING_ID/confirm","cancel":"https://api.appointlet.com/bookings/BOOKING_ID/cancel","reschedule":"https://api.appointlet.com/bookings/BOOKING_ID/reschedule","reassign":"https://api.appointlet.com/bookings/BOOKING_ID/reassign"}}}}',NULL);
INSERT INTO event VALUES(4,'9bfe1b50d85a81340abe94f6f42e70f3',4,'booking.rescheduled','booking/BOOKING_ID','2014-01-04T00:00:00.000Z',1388793600000,'2026-09-21T14:13:20.000Z',1790000000000,0,0,'{"specversion":"1.0","id":"9bfe1b50d85a81340abe94f6f42e70f3","source":"appointlet/organization/1","type":"booking.rescheduled","subject":"booking/BOOKING_ID","time":"2014-01-04T00:00:00Z","datacontenttype":"application/json","dataschema":"urn:bellhop:event:1","data":{"vendor":{"name":"appointlet","dialect":"legacy","type":"booking","action":"rescheduled","id":"1"},"organization":{"id":"1","name":"Organization 1","language":"en-us"},"booking":{"id":"BOOKING_ID","status":"confirmed","start":"2014-02-03T10:00:00Z","end":"2014-01-01T00:00:00Z","timezone":"US/Pacific","created":"2017-06-29T20:00:05.810173Z","url":"https://salon-demo.appointlet.com/booking/BOOKING_ID","attendee":{"email":"webhooks+sample@appointlet.com","name":"John Smith","first_name":"John","last_name":"Smith","phone":"+1.888.555.1212"},"host":{"id":"1","name":"Member 1","slug":"member-1","timezone":"US/Pacific"},"meeting_type":{"id":"1","name":"Meeting Type 1","slug":"meeting-type-1","duration_s":1800,"price":{"amount":"0.00","currency":"USD"}},"answers":[{"slug":"first-name","label":"First Name","kind":"CharField","value":"John","text":"John"},{"slug":"last-name","label":"Last Name","kind":"CharField","value":"Smith","text":"Smith"},{"slug":"phone-number","label":"Phone Number","kind":"CharField","value":"+1.888.555.1212","text":"+1.888.555.1212"}],"payment":{"amount":{"amount":"0.00"},"refunded":{"amount":"0.00"}},"links":{"ics":"https://api.appointlet.com/bookings/BOOKING_ID/ics","google":"https://api.appointlet.com/bookings/BOOKING_ID/add_to_google_calendar","outlook":"https://api.appointlet.com/bookings/BOOKING_ID/add_to_outlook_calendar","confirm":"https://api.appointlet.com/bookings/BOOKING_ID/confirm","cancel":"https://api.appointlet.com/bookings/BOOKING_ID/cancel","reschedule":"https://api.appointlet.com/bookings/BOOKING_ID/reschedule","reassign":"https://api.appointlet.com/bookings/BOOKING_ID/reassign"}}}}',NULL);
INSERT INTO event VALUES(5,'864e87eb359d766a039156cc2df06050',5,'booking.canceled','booking/BOOKING_ID','2014-01-05T00:00:00.000Z',1388880000000,'2026-09-21T14:13:20.000Z',1790000000000,0,0,'{"specversion":"1.0","id":"864e87eb359d766a039156cc2df06050","source":"appointlet/organization/1","type":"booking.canceled","subject":"booking/BOOKING_ID","time":"2014-01-05T00:00:00Z","datacontenttype":"application/json","dataschema":"urn:bellhop:event:1","data":{"vendor":{"name":"appointlet","dialect":"legacy","type":"booking","action":"canceled","id":"1"},"organization":{"id":"1","name":"Organization 1","language":"en-us"},"booking":{"id":"BOOKING_ID","status":"canceled","start":"2014-02-03T10:00:00Z","end":"2014-01-01T00:00:00Z","timezone":"US/Pacific","created":"2017-06-29T20:00:05.810173Z","url":"https://salon-demo.appointlet.com/booking/BOOKING_ID","attendee":{"email":"webhooks+sample@appointlet.com","name":"John Smith","first_name":"John","last_name":"Smith","phone":"+1.888.555.1212"},"host":{"id":"1","name":"Member 1","slug":"member-1","timezone":"US/Pacific"},"meeting_type":{"id":"1","name":"Meeting Type 1","slug":"meeting-type-1","duration_s":1800,"price":{"amount":"0.00","currency":"USD"}},"answers":[{"slug":"first-name","label":"First Name","kind":"CharField","value":"John","text":"John"},{"slug":"last-name","label":"Last Name","kind":"CharField","value":"Smith","text":"Smith"},{"slug":"phone-number","label":"Phone Number","kind":"CharField","value":"+1.888.555.1212","text":"+1.888.555.1212"}],"payment":{"amount":{"amount":"0.00"},"refunded":{"amount":"0.00"}},"links":{"ics":"https://api.appointlet.com/bookings/BOOKING_ID/ics","google":"https://api.appointlet.com/bookings/BOOKING_ID/add_to_google_calendar","outlook":"https://api.appointlet.com/bookings/BOOKING_ID/add_to_outlook_calendar","confirm":"https://api.appointlet.com/bookings/BOOKING_ID/confirm","cancel":"https://api.appointlet.com/bookings/BOOKING_ID/cancel","reschedule":"https://api.appointlet.com/bookings/BOOKING_ID/reschedule","reassign":"https://api.appointlet.com/bookings/BOOKING_ID/reassign"}}}}',NULL);
CREATE TABLE booking (  -- the newest known state, one row per booking; NULL: never said
  id                  TEXT    NOT NULL PRIMARY KEY,
  status              TEXT    NOT NULL,  -- requested, confirmed, canceled, declined, unknown
  start               TEXT,              -- UTC
  start_epoch         INTEGER,           -- the same as Unix time in seconds
  "end"               TEXT,
  end_epoch           INTEGER,
  timezone            TEXT,              -- of the attendee
  attendee_name       TEXT,
  attendee_email      TEXT,
  attendee_phone      TEXT,
  attendee_first_name TEXT,
  attendee_last_name  TEXT,
  meeting_type_id     TEXT,
  meeting_type_name   TEXT,
  meeting_type_slug   TEXT,
  duration_s          INTEGER,
  price_amount        TEXT,              -- decimal: 49.00
  price_currency      TEXT,
  payment_amount      TEXT,
  payment_currency    TEXT,
  host_id             TEXT,
  host_name           TEXT,
  host_email          TEXT,
  location_type       TEXT,
  location            TEXT,
  organization_id     TEXT,
  organization_name   TEXT,
  url                 TEXT,
  utm_source          TEXT,
  utm_medium          TEXT,
  utm_campaign        TEXT,
  utm_term            TEXT,
  utm_content         TEXT,
  created             TEXT,              -- of the booking, by the vendor's word
  canceled            TEXT,              -- of the event that canceled it; NULL while it stands
  reschedule_count    INTEGER NOT NULL,  -- events booking.rescheduled, late ones included
  event_count         INTEGER NOT NULL,  -- events about it, late ones included
  first_event_seq     INTEGER NOT NULL,
  first_event_time    TEXT    NOT NULL,
  last_event_seq      INTEGER NOT NULL,  -- the event that this state comes from
  last_event_time     TEXT    NOT NULL,
  last_event_ms       INTEGER NOT NULL,
  updated             TEXT    NOT NULL   -- when Bellhop received that event
) STRICT;
INSERT INTO booking VALUES('BOOKING_ID','canceled','2014-02-03T10:00:00Z',1391421600,'2014-01-01T00:00:00Z',1388534400,'US/Pacific','John Smith','webhooks+sample@appointlet.com','+1.888.555.1212','John','Smith','1','Meeting Type 1','meeting-type-1',1800,'0.00','USD','0.00',NULL,'1','Member 1',NULL,NULL,NULL,'1','Organization 1','https://salon-demo.appointlet.com/booking/BOOKING_ID',NULL,NULL,NULL,NULL,NULL,'2017-06-29T20:00:05Z','2014-01-05T00:00:00.000Z',2,5,1,'2014-01-01T00:00:00.000Z',5,'2014-01-05T00:00:00.000Z',1388880000000,'2026-09-21T14:13:20.000Z');
CREATE TABLE answer (  -- the booking form, in its order
  booking_id TEXT    NOT NULL REFERENCES booking (id) ON DELETE CASCADE,
  position   INTEGER NOT NULL,  -- from 0
  slug       TEXT,
  label      TEXT,
  kind       TEXT,
  value      TEXT    NOT NULL,  -- as JSON, whatever it was
  text       TEXT    NOT NULL,  -- for people
  PRIMARY KEY (booking_id, position)
) STRICT, WITHOUT ROWID;
INSERT INTO answer VALUES('BOOKING_ID',0,'first-name','First Name','CharField','"John"','John');
INSERT INTO answer VALUES('BOOKING_ID',1,'last-name','Last Name','CharField','"Smith"','Smith');
INSERT INTO answer VALUES('BOOKING_ID',2,'phone-number','Phone Number','CharField','"+1.888.555.1212"','+1.888.555.1212');
CREATE TABLE attendee (  -- everybody in the meeting; position 0 is the one in booking
  booking_id TEXT    NOT NULL REFERENCES booking (id) ON DELETE CASCADE,
  position   INTEGER NOT NULL,
  id         TEXT,
  email      TEXT,
  name       TEXT,
  phone      TEXT,
  status     TEXT,
  event_ms   INTEGER NOT NULL,  -- time of the event that said so
  PRIMARY KEY (booking_id, position)
) STRICT, WITHOUT ROWID;
INSERT INTO attendee VALUES('BOOKING_ID',0,NULL,'webhooks+sample@appointlet.com','John Smith','+1.888.555.1212',NULL,1388880000000);
CREATE TABLE change (  -- what each event changed; a late event, or one that changed nothing, has one row without field
  event_no   INTEGER NOT NULL REFERENCES event (no) ON DELETE CASCADE,
  position   INTEGER NOT NULL,
  booking_id TEXT    NOT NULL REFERENCES booking (id) ON DELETE CASCADE,
  seq        INTEGER NOT NULL,
  time       TEXT    NOT NULL,
  type       TEXT    NOT NULL,
  late       INTEGER NOT NULL,
  field      TEXT,              -- a column of booking, answer/SLUG, or attendees
  old        TEXT,
  new        TEXT,
  PRIMARY KEY (event_no, position)
) STRICT, WITHOUT ROWID;
INSERT INTO change VALUES(1,0,'BOOKING_ID',1,'2014-01-01T00:00:00.000Z','booking.requested',0,'status',NULL,'requested');
INSERT INTO change VALUES(2,0,'BOOKING_ID',2,'2014-01-02T00:00:00.000Z','booking.confirmed',0,'status','requested','confirmed');
INSERT INTO change VALUES(3,0,'BOOKING_ID',3,'2014-01-03T00:00:00.000Z','booking.rescheduled',0,'start','2014-02-01T10:00:00Z','2014-02-02T10:00:00Z');
INSERT INTO change VALUES(4,0,'BOOKING_ID',4,'2014-01-04T00:00:00.000Z','booking.rescheduled',0,'start','2014-02-02T10:00:00Z','2014-02-03T10:00:00Z');
INSERT INTO change VALUES(5,0,'BOOKING_ID',5,'2014-01-05T00:00:00.000Z','booking.canceled',0,'status','confirmed','canceled');
CREATE INDEX event_by_subject ON event (subject, time_ms);
CREATE INDEX booking_by_start ON booking (start_epoch);
CREATE INDEX booking_by_email ON booking (attendee_email);
CREATE INDEX change_by_booking ON change (booking_id, event_no);
CREATE VIEW booking_export AS
SELECT b.id, b.status, b.start, b."end", b.timezone, b.attendee_name, b.attendee_email, b.attendee_phone,
       b.meeting_type_name, b.duration_s / 60 AS duration_min, b.host_name, b.price_amount, b.price_currency,
       b.location, b.utm_source, b.utm_medium, b.utm_campaign, b.utm_term, b.utm_content,
       b.reschedule_count, b.created, b.canceled, b.updated,
       (SELECT group_concat(line, char(10)) FROM (
          SELECT coalesce(label, slug, 'answer ' || (position + 1)) || ': ' || text AS line
          FROM answer WHERE booking_id = b.id ORDER BY position)) AS answers,
       b.url
FROM booking AS b;
CREATE VIEW bookings_by_day AS
SELECT substr(start, 1, 10) AS day, count(*) AS bookings,
       sum(status = 'confirmed') AS confirmed, sum(status = 'requested') AS requested,
       sum(status = 'canceled') AS canceled, sum(status = 'declined') AS declined,
       sum(reschedule_count > 0) AS rescheduled
FROM booking WHERE start IS NOT NULL GROUP BY day ORDER BY day;
CREATE VIEW utm_report AS
SELECT coalesce(utm_source, '(none)') AS utm_source, coalesce(utm_medium, '(none)') AS utm_medium,
       coalesce(utm_campaign, '(none)') AS utm_campaign, count(*) AS bookings,
       sum(status = 'confirmed') AS confirmed, sum(status = 'canceled') AS canceled,
       round(sum(CASE WHEN status = 'confirmed' THEN CAST(price_amount AS REAL) END), 2) AS confirmed_price,
       price_currency, min(start) AS first_start, max(start) AS last_start
FROM booking GROUP BY 1, 2, 3, price_currency ORDER BY bookings DESC;
CREATE VIEW answer_report AS
SELECT a.booking_id, b.status, b.start, b.attendee_name, b.attendee_email, b.meeting_type_name, b.utm_source,
       a.position, a.slug, a.label, a.kind, a.text, a.value
FROM answer AS a JOIN booking AS b ON b.id = a.booking_id;
COMMIT;
