"""Prose in nine languages, and code: what `estimated_tokens` is measured with."""

TEXTS = {
    "english": (
        "The user works as a nurse in a hospital in Hamburg and has two children.",
        "Last Saturday I went to the seaside with my family, and we took a lot of photographs before sunset.",
        "We have to finish the project by April 15, 2024, can you help me make a schedule?",
        "I'm allergic to peanuts and hardly eat any meat, but I like spicy food a lot.",
    ),
    "german": (
        "Der Nutzer arbeitet als Krankenpfleger in einem Krankenhaus in Hamburg und hat zwei Kinder.",
        "Am letzten Samstag war ich mit meiner Familie am Meer, und wir haben viele Fotos gemacht.",
        "Wir müssen das Projekt bis zum 15. April abschließen, kannst du mir beim Zeitplan helfen?",
        "Ich bin allergisch gegen Erdnüsse und esse kaum Fleisch, mag aber scharfes Essen sehr.",
    ),
    "russian": (
        "Пользователь работает медбратом в больнице в Омске, у него двое детей.",
        "В прошлую субботу мы с семьёй ездили на море и сделали много фотографий.",
        "Нам нужно закончить проект до 15 апреля, поможешь составить график?",
        "У меня аллергия на арахис, я почти не ем мяса, но люблю острую еду.",
    ),
    "chinese": (
        "用户在上海一家医院当护士，有两个孩子和一只猫。",
        "上周六我和家人一起去海边玩，拍了很多照片，晚上才回家。",
        "我们必须在2024年4月15日之前完成这个项目，你能帮我制定一个时间表吗？",
        "我对花生过敏，几乎不吃肉，但是很喜欢吃辣的东西。",
    ),
    "japanese": (
        "ユーザーは大阪の病院で看護師として働いており、子供が二人いる。",
        "先週の土曜日に家族と海へ行って、写真をたくさん撮りました。",
        "来月の15日までにプロジェクトを終わらせなければならないので、予定を立てるのを手伝ってください。",
        "ピーナッツアレルギーがあり、肉はほとんど食べませんが、辛い料理は好きです。",
    ),
    "korean": (
        "사용자는 부산에서 간호사로 일하며 두 아이의 어머니이다.",
        "지난주 토요일에 가족과 함께 바닷가에 가서 사진을 많이 찍었어요.",
        "다음 달 15일까지 프로젝트를 끝내야 하는데 일정을 짜는 것을 도와주세요.",
        "저는 땅콩 알레르기가 있고 고기는 거의 먹지 않지만 매운 음식은 좋아합니다.",
    ),
    "arabic": (
        "يعمل المستخدم مهندسا في شركة كبيرة في القاهرة ولديه ثلاثة أطفال.",
        "ذهبت أمس مع عائلتي إلى الشاطئ والتقطنا صورا كثيرة قبل غروب الشمس.",
        "أحتاج إلى إنهاء المشروع قبل الخامس عشر من أبريل، فهل يمكنك مساعدتي في وضع جدول زمني؟",
        "لدي حساسية من الفول السوداني ولا آكل اللحوم لكنني أحب الطعام الحار.",
    ),
    "hindi": (
        "उपयोगकर्ता का नाम अनिल है और वह पुणे में एक अस्पताल में डॉक्टर के रूप में काम करता है।",
        "कल मैं अपने परिवार के साथ बाज़ार गया और हमने सब्ज़ियाँ और फल खरीदे।",
        "क्या आप मुझे अगले हफ़्ते की यात्रा की योजना बनाने में मदद कर सकते हैं?",
        "मुझे मूँगफली से एलर्जी है और मैं मांस नहीं खाता, लेकिन मुझे मसालेदार खाना पसंद है।",
        "हमारी परियोजना 15 अप्रैल 2024 तक पूरी होनी चाहिए और उसमें PostgreSQL का उपयोग होता है।",
    ),
    "thai": (
        "ผู้ใช้ชื่อสมชาย ทำงานเป็นวิศวกรที่เชียงใหม่ และมีลูกสองคน",
        "วันนี้อากาศดีมาก ฉันเลยไปเดินเล่นที่สวนสาธารณะกับสุนัขของฉัน",
        "ช่วยเขียนอีเมลถึงหัวหน้าของฉันเพื่อขอลาหยุดสามวันในสัปดาห์หน้าได้ไหม",
        "ฉันแพ้ถั่วและไม่กินเนื้อสัตว์ ชอบอาหารรสเผ็ด และดื่มกาแฟทุกเช้า",
        "โครงการของเราจะต้องเสร็จภายในวันที่ 15 เมษายน 2567 และใช้ฐานข้อมูล PostgreSQL",
    ),
    "javascript": (
        "const list = items.filter((item) => item.price > 10).map(({ id, name }) => ({ id, label: name }));\n"
        "function total(rows) {\n"
        "  let sum = 0;\n"
        "  for (const row of rows) {\n"
        "    sum += row.amount * row.count;\n"
        "  }\n"
        "  return sum.toFixed(2);\n"
        "}\n"
        "export default total;\n",
    ),
    "rust": (
        "pub fn parse(input: &str) -> Result<Vec<Token>, ParseError> {\n"
        "    let mut tokens = Vec::new();\n"
        "    for (index, ch) in input.char_indices() {\n"
        "        match ch {\n"
        "            '(' => tokens.push(Token::Open(index)),\n"
        "            ')' => tokens.push(Token::Close(index)),\n"
        "            c if c.is_whitespace() => continue,\n"
        '            _ => return Err(ParseError::new(index, "unexpected")),\n'
        "        }\n"
        "    }\n"
        "    Ok(tokens)\n"
        "}\n",
    ),
}
