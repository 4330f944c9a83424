WITH filed AS (
  INSERT INTO incidents (
    ticket,
    category,
    area,
    "when",
    danger,
    description,
    language,
    channel,
    session,
    status,
    veracity,
    received_at,
    updated_at,
    recognised,
    answers,
    personal_answers,
    when_date,
    known_date,
    contact,
    phone_sealed,
    phone_key
  )
  SELECT
    :incidents_ticket AS anon_1,
    :incidents_category AS anon_2,
    :incidents_area AS anon_3,
    :incidents_when AS anon_4,
    :incidents_danger AS anon_5,
    :incidents_description AS anon_6,
    :incidents_language AS anon_7,
    :incidents_channel AS anon_8,
    :incidents_session AS anon_9,
    :incidents_status AS anon_10,
    :incidents_veracity AS anon_11,
    :incidents_received_at AS anon_12,
    :incidents_updated_at AS anon_13,
    :incidents_recognised AS anon_14,
    CAST(:incidents_answers AS JSONB) AS anon_15,
    CAST(:incidents_personal_answers AS JSONB) AS anon_16,
    :incidents_when_date AS anon_17,
    :incidents_known_date AS anon_18,
    :incidents_contact AS anon_19,
    :incidents_phone_sealed AS anon_20,
    :incidents_phone_key AS anon_21
  WHERE
    NOT (
      EXISTS(
        SELECT
          *
        FROM called_off
        WHERE
          called_off.phone_key = :incidents_phone_key
          AND :sending_call = ANY(
            called_off.calls
          )
          AND (
            :sending_kept_at IS NULL OR called_off.at <= :sending_kept_at
          )
      )
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
    :messages_class AS anon_22,
    :messages_status AS anon_23,
    :messages_channel AS anon_24,
    :messages_text AS anon_25,
    :messages_encoding AS anon_26,
    :messages_parts AS anon_27,
    :messages_language AS anon_28,
    :messages_priority AS anon_29,
    :messages_due_at AS anon_30,
    :messages_expires_at AS anon_31,
    :messages_attempts AS anon_32,
    :messages_unknowns AS anon_33,
    :messages_reason AS anon_34,
    :messages_created_at AS anon_35,
    :messages_updated_at AS anon_36,
    :messages_ticket AS anon_37,
    :messages_phone_sealed AS anon_38,
    :messages_phone_key AS anon_39
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
    :audit_at AS anon_40,
    :audit_actor AS anon_41,
    :audit_action AS anon_42,
    :audit_subject AS anon_43,
    CAST(:audit_detail AS JSONB) AS anon_44
  FROM filed
)
SELECT
  filed.ticket,
  EXISTS(
    SELECT
      *
    FROM people, person_roles
    WHERE
      people.phone_key = :incidents_phone_key
      AND person_roles.person = people.id
      AND person_roles.role = ANY(
        :duty_roles
      )
  ) AS by_duty
FROM filed
