WITH filed AS (
  INSERT INTO incidents (
    ticket,
    category,
    area,
    "when",
    when_date,
    danger,
    size,
    seen,
    description,
    contact,
    language,
    channel,
    session,
    phone_sealed,
    phone_key,
    status,
    veracity,
    received_at,
    updated_at
  )
  VALUES
    (
      :incidents_ticket,
      :incidents_category,
      :incidents_area,
      :incidents_when,
      :incidents_when_date,
      :incidents_danger,
      :incidents_size,
      :incidents_seen,
      :incidents_description,
      :incidents_contact,
      :incidents_language,
      :incidents_channel,
      :incidents_session,
      :incidents_phone_sealed,
      :incidents_phone_key,
      :incidents_status,
      :incidents_veracity,
      :incidents_received_at,
      :incidents_updated_at
    ) ON CONFLICT DO NOTHING
  RETURNING incidents.ticket
), cancelled_reminders AS (
  UPDATE messages SET status = 'cancelled', reason = 'its report was filed', updated_at = :incidents_updated_at
  WHERE
    messages.class = 'resume'
    AND messages.status = 'queued'
    AND messages.phone_key = :incidents_phone_key
    AND (
      EXISTS(
        SELECT
          filed.ticket
        FROM filed
      )
    )
), messages AS (
  INSERT INTO messages (
    class,
    status,
    channel,
    text,
    encoding,
    parts,
    language,
    priority,
    due_at,
    expires_at,
    attempts,
    unknowns,
    reason,
    created_at,
    updated_at,
    ticket,
    phone_sealed,
    phone_key
  )
  SELECT
    :messages_class AS anon_1,
    :messages_status AS anon_2,
    :messages_channel AS anon_3,
    :messages_text AS anon_4,
    :messages_encoding AS anon_5,
    :messages_parts AS anon_6,
    :messages_language AS anon_7,
    :messages_priority AS anon_8,
    :messages_due_at AS anon_9,
    :messages_expires_at AS anon_10,
    :messages_attempts AS anon_11,
    :messages_unknowns AS anon_12,
    :messages_reason AS anon_13,
    :messages_created_at AS anon_14,
    :messages_updated_at AS anon_15,
    :messages_ticket AS anon_16,
    :messages_phone_sealed AS anon_17,
    :messages_phone_key AS anon_18
  FROM filed
), audit AS (
  INSERT INTO audit (
    at,
    actor,
    action,
    subject,
    detail
  )
  SELECT
    :audit_at AS anon_19,
    :audit_actor AS anon_20,
    :audit_action AS anon_21,
    :audit_subject AS anon_22,
    CAST(:audit_detail AS JSONB) AS anon_23
  FROM filed
)
SELECT
  filed.ticket
FROM filed
